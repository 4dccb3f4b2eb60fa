import { describe, expect, test } from 'vitest';
import { isAboutFiller, isPlaceholder } from './placeholder-text.ts';

describe('placeholder text', () => {
  test.each([
    'Lorem ipsum dolor sit amet, consectetur adipiscing elit.',
    'Lorem Ipsum',
    'Lorem Ipsum is simply dummy text of the printing and typesetting industry.',
    'It is a long established fact that a reader will be distracted by the readable content.',
    'Vestibulum pellentesque sollicitudin tincidunt, quisque facilisis.',
    "I'm a paragraph. Click here to add your own text and edit me.",
    'Hello world!',
    'Just another WordPress site',
    'This is a sample page.',
    'Your Company Name',
    'Your tagline here',
    'Insert your text here',
    'Text goes here',
    '[Your Name], [City]',
    'Welcome to {{ business_name }}',
    'Add your text here',
    'Welcome to Your Company Name, where we care',
    'Your logo here',
    'Max Mustermann, Musterstraße 1',
    '“Lorem ipsum dolor sit amet, consectetur adipiscing elit.” Client Name, Position',
    'Klicken Sie auf den Bearbeiten-Button, um diesen Text zu ändern.',
    'Cliquez ici pour modifier ce texte.',
    '© 2020 Your Company. All rights reserved.',
  ])('%s', (text) => {
    expect(isPlaceholder(text)).toBe(true);
  });

  test.each([
    'We never send a brochure with lorem ipsum in it to the printer, whatever the deadline.',
    'What does “lorem ipsum” mean? A short history of dummy text.',
    'Your company deserves better',
    'Add your name to our waiting list',
    'Here you find your new home',
    'Insert the key here and turn it twice',
    'Your name is safe with us',
    'Magna Carta Hotel',
    'We sell dolls and dummy clocks',
    'Hello world of coffee',
    'Sample our beers at the bar',
    'Labore et constantia, since 1870',
    'Enter your email address',
    'Your name *',
    'Warum wir keinen Blindtext setzen',
    'Write to us: [email protected]',
    'Your business',
    'todo',
    'Kick-off: TBD',
    'Enter your address here and we come by',
    'Custom t-shirts with your company name',
    'How to choose your business name',
    'Register your business name with us for £12',
    'Want to see your logo here? Become a sponsor',
    'Put your text here on any mug',
  ])('is not %s', (text) => {
    expect(isPlaceholder(text)).toBe(false);
  });
});

test('a page about filler text may show it, a page titled with it may not', () => {
  expect(isAboutFiller('Why we never set lorem ipsum in our proofs', null)).toBe(true);
  expect(isAboutFiller('Lorem ipsum', 'Lorem ipsum dolor sit amet')).toBe(false);
  expect(isPlaceholder('»Lorem ipsum dolor sit amet, consectetur«', true)).toBe(false);
});
