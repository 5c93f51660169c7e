import eslint from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const PULUMI = {
    group: ["@pulumi/*"],
    message: "Only index.ts, components/, policies/ and review/ know Pulumi.",
};
/** Nothing from outside the project but these packages. */
const onlyPackages = (...names) => ({
    regex: `^(?!(?:${names.join("|")})$|\\.{1,2}(?:/|$))`,
    message: `Only ${names.join(", ")} and the project's own core/ may be imported here.`,
});
const outward = (...folders) => ({
    group: folders.flatMap((folder) => [`**/${folder}`, `**/${folder}/**`]),
    message:
        "Arrows go one way: index → components → core; cli → operations, review → core; core → nothing.",
});

/** What the files of a folder may not import. */
const wall = (files, patterns) => ({
    files,
    rules: { "no-restricted-imports": ["error", { patterns }] },
});

export default defineConfig(
    globalIgnores([
        "**/dist/",
        "bin/",
        ".toolchain/",
        ".stryker-tmp/",
        "reports/",
        "toolchain/go/",
    ]),
    eslint.configs.recommended,
    {
        files: ["**/*.ts"],
        extends: [tseslint.configs.strictTypeChecked],
        languageOptions: {
            parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
        },
        rules: {
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
            "@typescript-eslint/consistent-type-imports": "error",
        },
    },
    {
        files: ["test/**"],
        rules: {
            // Letters of a test's own text, never a user's.
            "@typescript-eslint/no-misused-spread": "off",
        },
    },
    {
        // toolchain/ runs before anything is installed: plain JavaScript, which has no types.
        files: ["test/toolchain/**"],
        rules: {
            "@typescript-eslint/no-unsafe-argument": "off",
            "@typescript-eslint/no-unsafe-assignment": "off",
            "@typescript-eslint/no-unsafe-call": "off",
            "@typescript-eslint/no-unsafe-member-access": "off",
            "@typescript-eslint/no-unsafe-return": "off",
        },
    },
    {
        // They take topologies apart at will, and name what the lab is known to have.
        files: ["test/lab/**", "test/faults/**", "test/toolchain/**"],
        rules: {
            "@typescript-eslint/no-unsafe-assignment": "off",
            "@typescript-eslint/no-unsafe-member-access": "off",
            "@typescript-eslint/no-non-null-assertion": "off",
        },
    },
    {
        files: ["**/*.mjs", "**/*.js", "**/*.cjs"],
        languageOptions: {
            globals: Object.fromEntries(
                "AbortController AbortSignal Buffer TextDecoder URL clearInterval clearTimeout console fetch performance process setImmediate setInterval setTimeout structuredClone"
                    .split(" ")
                    .map((name) => [name, "readonly"]),
            ),
        },
    },
    {
        files: ["**/*.js", "**/*.cjs"],
        languageOptions: {
            sourceType: "commonjs",
            globals: { __dirname: "readonly", __filename: "readonly" },
        },
    },

    wall(
        ["core/**"],
        [
            onlyPackages("zod"),
            outward("components", "operations", "cli", "review", "policies", "lab", "toolchain"),
        ],
    ),
    wall(
        ["operations/**"],
        [PULUMI, outward("components", "cli", "review", "policies", "lab", "toolchain")],
    ),
    wall(["cli/**"], [PULUMI, outward("components", "policies", "lab", "toolchain")]),
    wall(["review/**"], [outward("components", "cli", "policies", "lab", "toolchain")]),
    wall(
        ["components/**"],
        [outward("operations", "cli", "review", "policies", "lab", "toolchain")],
    ),
    wall(
        ["policies/**"],
        [
            onlyPackages("@pulumi/policy", "@pulumi/pulumi"),
            outward("components", "operations", "cli", "review", "lab", "toolchain"),
        ],
    ),
    {
        files: ["components/**"],
        rules: {
            "no-restricted-syntax": [
                "error",
                {
                    selector: "MemberExpression[object.name='JSON'][property.name='stringify']",
                    message:
                        "An Output in it would become text without a value: use pulumi.jsonStringify.",
                },
            ],
        },
    },
    {
        // What it serialises is the plain request of core/hostRequest.ts or core/cephRequest.ts.
        files: ["components/script.ts"],
        rules: { "no-restricted-syntax": "off" },
    },
);
