import { defineConfig, type Plugin } from "vite";

/** The fonts of bpmn.io's style sheets in the one format that browsers of today read; the others would only fill the binary. */
const oneFont: Plugin = {
  name: "one-font",
  enforce: "pre",
  transform(code, id) {
    if (!/(bpmn|dmn)-font\/css\/\w+\.css/.test(id)) return null;
    const file = /url\(['"]?([^'")?#]+\.woff2)[^)]*\)/.exec(code)?.[1];
    if (!file) throw new Error(`${id} names no font`);
    const face = `@font-face { font-family: "${/font-family:\s*['"](\w+)['"]/.exec(code)?.[1]}"; src: url("${file}") format("woff2"); }`;
    return `${face}\n${code.replace(/@font-face\s*\{[^}]*\}/g, "")}`;
  },
};

// Each entry is an island (or the theme) that a page asks for by name; the server reads manifest.json.
export default defineConfig({
  base: "/assets/",
  plugins: [oneFont],
  resolve: {
    alias: [
      // Editors of expressions inside dmn-js and form-js: their styles without style elements.
      { find: /^style-mod$/, replacement: "/src/designer/style-mod.ts" },
      { find: /^style-mod-original$/, replacement: "/node_modules/style-mod/src/style-mod.js" },
    ],
  },
  build: {
    outDir: "dist",
    assetsDir: "",
    manifest: "manifest.json",
    license: { fileName: "licences.md" },
    target: "es2022",
    // Images stay files so that the content security policy needs no exception for data: in style sheets of ours.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      input: {
        theme: "src/theme/theme.css",
        map: "src/map/map.ts",
        chart: "src/chart.ts",
        live: "src/live.ts",
        forms: "src/forms.ts",
        api: "src/api.ts",
        passkey: "src/passkey.ts",
        receipt: "src/receipt.ts",
        designer: "src/designer/designer.ts",
      },
    },
  },
});
