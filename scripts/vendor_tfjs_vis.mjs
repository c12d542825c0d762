/**
 * Puts the dashboard's charts into the built package (dist/vendor/tfjs-vis.js): of the 145 packages that @tensorflow/tfjs-vis
 * installs, one file goes to the browser and none runs here. Run after the build, before packing.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const from = path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-vis/package.json'));
const vendor = path.join(root, 'dist', 'vendor');
mkdirSync(vendor, { recursive: true });
copyFileSync(path.join(from, 'dist', 'tfjs-vis.umd.min.js'), path.join(vendor, 'tfjs-vis.js'));
// What the file's first line refers to, and the package's own licence.
copyFileSync(path.join(from, 'dist', 'tfjs-vis.umd.min.js.LICENSE.txt'), path.join(vendor, 'tfjs-vis.umd.min.js.LICENSE.txt'));
copyFileSync(path.join(from, 'LICENSE'), path.join(vendor, 'tfjs-vis.LICENSE'));
