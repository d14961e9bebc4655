import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

const path = (process.env['PATH'] ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name))).find((file) => existsSync(file));

/** Why there is no browser to test with; undefined if there is one. Where services are required, that is a failure. */
export const missing = path === undefined ? `none of ${names.join(', ')} is on the PATH` : undefined;

if (missing !== undefined) {
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(`the HTML report cannot be tested: ${missing}, and REQUIRE_SERVICES is set`);
  console.warn(`the HTML report is not tested in a browser: ${missing}`);
}

/** A headless browser. In a container everybody is root, and root has no sandbox. */
export const launch = (): Promise<Browser> => chromium.launch({ executablePath: path!, args: ['--no-sandbox', '--disable-gpu'] });
