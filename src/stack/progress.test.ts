import { expect, test } from 'vitest';
import { createProgress, whileWorking } from './progress.ts';

function recorder(isTTY: boolean): { written: string[]; write(text: string): void; isTTY: boolean } {
  const written: string[] = [];
  return { written, write: (text) => void written.push(text), isTTY };
}

test('in a log file a part that takes long is told at first and then rarely', () => {
  const stream = recorder(false);
  const progress = createProgress(stream);
  progress.working('building, 2.0 s');
  progress.working('building, 4.0 s');
  progress.line('built');
  expect(stream.written).toEqual(['building, 2.0 s\n', 'built\n']);
});

test('on a terminal it rewrites one line, which the result replaces', () => {
  const stream = recorder(true);
  const progress = createProgress(stream);
  progress.working('building, 2.0 s');
  progress.line('built');
  progress.line('next');
  expect(stream.written.join('')).toBe('\r\u001b[2Kbuilding, 2.0 s\r\u001b[2Kbuilt\nnext\n');
});

test('the timer ends with the work, also when the work fails', async () => {
  const failing = whileWorking(createProgress(recorder(false)), 'x', () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
});
