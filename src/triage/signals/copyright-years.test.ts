import { describe, expect, test } from 'vitest';
import { noticeYears } from './copyright-years.ts';

const now = new Date('2026-11-21T12:00:00Z');
const latest = (text: string): number | null => {
  const years = noticeYears(text, now);
  return years.length === 0 ? null : Math.max(...years);
};

describe('the latest year of a notice', () => {
  test.each([
    ['© 2019 Acme Ltd', 2019],
    ['2017 © Acme', 2017],
    ['Copyright 2015 Hartley & Sons. All rights reserved.', 2015],
    ['Copyright © Smith Plumbing, Heating and Drainage Services of Nottingham Ltd 2018', 2018],
    ['(c) 2012 by J. Smith', 2012],
    ['© 2009-2014 Acme', 2014],
    ['© 2009 – 2026 Acme', 2026],
    ['© 2009—26 Acme', 2026],
    ['©2011-13', 2013],
    ['© 1998, 2003, 2016 Acme', 2016],
    ['© 2004 - present Acme', 2026],
    ['© 2004 bis heute', 2026],
    ['Alle Rechte vorbehalten 2016', 2016],
    ['Acme Ltd 2014. All rights reserved.', 2014],
    ['© MMXVIII Acme', 2018],
    ['© Acme. Established 1985', null],
    ['© 2026 Acme. Family owned since 1985.', 2026],
    ['© Acme. Last updated 3 March 2017', null],
    ['© Acme Ltd. Company No. 2015', null],
    ['© 2018 Acme | Website by Pixel Studio 2024', 2018],
    ['© 2016 Acme · Tel. 0201 2019', 2016],
    ['© 2013 Acme, Tel 555-2019', 2013],
    ['© 2015 Smith Photography', 2015],
    ['Smith Photography © 2014', 2014],
    ['© 2018 Acme - Powered by WordPress', 2018],
    ['© 2018 Acme Powered by WordPress', 2018],
    ['Foto Schmidt © 2011', 2011],
    ['© 2012 Acme Software GmbH', 2012],
  ])('%s', (text, year) => {
    expect(latest(text)).toBe(year);
  });

  test.each([
    ['© 2015 OpenStreetMap contributors'],
    ['Map data ©2019 Google'],
    ['Photo: © 2012 Jane Doe'],
    ['Powered by phpBB © 2000, 2007 phpBB Group'],
    ['Foto © 2011 Max Muster'],
    ['The copyright act of 1976 protects your work.'],
    ['Our guide to copyright law 2015'],
    ['Acme since 1998'],
  ])('is none for what is not the site’s own notice: %s', (text) => {
    expect(latest(text)).toBe(null);
  });

  test('a third party beside the own notice does not change it', () => {
    expect(latest('© 2025 Acme | Map © 2012 OpenStreetMap')).toBe(2025);
  });
});
