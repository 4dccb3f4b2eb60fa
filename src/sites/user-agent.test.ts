import { expect, test } from 'vitest';
import { userAgent } from './browser/devices.ts';
import { launchArguments } from './browser/launch-arguments.ts';
import { lighthouseFlags } from './lighthouse/settings.ts';
import { fetchUserAgent } from './user-agent.ts';

/** Everything that asks a site for something, as it names itself there. */
function agents(contact?: string): (string | undefined | null | boolean)[] {
  return [
    fetchUserAgent(contact),
    userAgent(true, '156', contact),
    userAgent(false, '156', contact),
    launchArguments({ rendererMemoryMb: 500, contact }).find((one) => one.startsWith('--user-agent=')),
    lighthouseFlags(contact).emulatedUserAgent,
  ];
}

test('without a contact every part of the scanner names product and version alone', () => {
  for (const agent of agents()) {
    expect(agent).toMatch(/AgOS-Scanner\/\d+\.\d+\)?$/);
    expect(agent).not.toMatch(/undefined|example/);
  }
});

test('a contact is named by every part of the scanner', () => {
  for (const agent of agents('https://agency.example/scanner')) {
    expect(agent).toMatch(/AgOS-Scanner\/\d+\.\d+(?:; | \()\+https:\/\/agency\.example\/scanner\)$/);
  }
  for (const agent of agents('ops@agency.example')) {
    expect(agent).toMatch(/AgOS-Scanner\/\d+\.\d+(?:; | \()ops@agency\.example\)$/);
  }
});
