import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import ts from "typescript-eslint";

const wall = (regex, message) => ({ "no-restricted-imports": ["error", { patterns: [{ regex, message }] }] });

export default defineConfig([
  globalIgnores(["dist", "src/api/schema.d.ts"]),
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  hooks.configs.flat["recommended-latest"],
  { languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js"] }, tsconfigRootDir: import.meta.dirname } } },
  {
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // TanStack Router redirects by throwing.
      "@typescript-eslint/only-throw-error": ["error", { allow: [{ from: "package", package: "@tanstack/router-core", name: "Redirect" }] }],
      "max-lines": ["error", 600],
    },
  },
  { files: ["**/*.js"], extends: [ts.configs.disableTypeChecked] },
  // Scripts for Node.js; everything else runs in browsers.
  { files: ["adapters/zendesk/*.js"], languageOptions: { globals: { Buffer: "readonly", console: "readonly", process: "readonly", URL: "readonly" } } },
  { files: ["widget/**", "adapters/**"], rules: wall("/src/(?!api/schema$)", "what other sites show carries nothing of the console") },
  { files: ["src/features/*/**"], rules: wall("^\\.\\./(?!\\.\\./)|/features/|/app/(?!root$)", "a feature imports no other feature, and of the frame its routes only") },
  { files: ["src/{api,components,i18n}/**"], rules: wall("/(features|app)/", "what is shared knows no page") },
]);
