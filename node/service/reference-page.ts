/**
 * The description of a server's routes as a page for people, made of the OpenAPI document that it serves and of
 * nothing else. The page is text: it runs no script and loads nothing, from here or from elsewhere.
 */
import { createHash } from "node:crypto";
import { isRefusalCode, refusalCodes } from "../../protocol/refusal.ts";
import { wordsOf } from "../../protocol/refusal-words.ts";

/** As much of JSON Schema as our own schemas use. */
type Schema = {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly default?: unknown;
};
type Content = Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>>;
type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly example?: unknown;
  readonly schema: Schema;
};
type Operation = {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Content }>
  >;
};
export type OpenApiDocument = {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1d1d1f; background: #fff }
h1, h2, h3 { line-height: 1.2 } h2 { margin-top: 3rem; border-top: 1px solid #d0d0d5; padding-top: 1rem }
code, pre { font: 14px/1.4 ui-monospace, monospace } pre { background: #f4f4f7; padding: .75rem; overflow-x: auto }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #e4e4e9 }
ul { padding-left: 1.25rem } .type { color: #55555c }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #1b1b1e } pre { background: #29292e } a { color: #8ab4f8 } .type { color: #aaa } }
`;

/** Of the page's answer. */
export const referenceHeaders = {
  "content-security-policy": `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "referrer-policy": "no-referrer",
} as const;

export function referencePage({ info, paths }: OpenApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
  const title = text(info.title);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${style}</style>
<h1>${title}</h1>
<p>Version ${text(info.version)}. For programs: <a href="openapi.json">openapi.json</a>.</p>
<nav><ul>${operations.map(({ name, operation }) => `<li><a href="#${anchor(name)}"><code>${text(name)}</code></a> ${text(operation.summary ?? "")}</li>`).join("\n")}</ul></nav>
${operations.map(({ name, operation }) => operationSection(name, operation)).join("\n")}
${codeSection(new Set(operations.flatMap(({ operation }) => codesOf(operation))))}
</html>
`;
}

function operationSection(name: string, operation: Operation): string {
  const { summary = "", description, parameters = [], requestBody, responses } = operation;
  const codes = codesOf(operation);
  const answers = Object.entries(responses).filter(([status]) => status !== "default");
  return `<section id="${anchor(name)}">
<h2><code>${text(name)}</code></h2>
<p>${text(summary)}.</p>
${description === undefined ? "" : `<p>${text(description)}</p>`}
${parameters.length === 0 ? "" : parameterTable(parameters)}
${requestBody === undefined ? "" : `<h3>What is sent</h3>${contentLines(requestBody.content)}`}
${answers.map(([status, { content = {} }]) => `<h3>Answer ${status}</h3>${contentLines(content)}`).join("\n")}
${codes.length === 0 ? "" : `<h3>Problems</h3><p>${codes.map((code) => `<a href="#code-${code}"><code>${code}</code></a>`).join(", ")}</p>`}
</section>`;
}

function parameterTable(parameters: readonly Parameter[]): string {
  const rows = parameters.map((parameter) => {
    const { name, schema, required = false, in: where, example } = parameter;
    const shown = example === undefined ? "" : `<code>${text(JSON.stringify(example))}</code>`;
    const says = parameter.description ?? schema.description ?? "";
    return `<tr><td><code>${text(name)}</code><td>${text(where)}${required ? "" : ", optional"}<td class="type">${typeText(schema)}<td>${text(says)}<td>${shown}`;
  });
  return `<table><tr><th>Parameter<th>In<th>Type<th>Meaning<th>Example${rows.join("\n")}</table>`;
}

function contentLines(content: Content): string {
  const types = Object.entries(content).map(([type, { schema = {}, example }]) => {
    const shown =
      example === undefined ? "" : `<pre>${text(JSON.stringify(example, null, 2))}</pre>`;
    return `<p><code>${text(type)}</code></p>${fieldList(schema)}${shown}`;
  });
  return types.length === 0 ? "<p>Nothing.</p>" : types.join("\n");
}

/** The fields of an object, or of the objects in a list, each with its own fields below it. */
function fieldList(schema: Schema): string {
  const parts = schema.allOf ?? [schema.items ?? schema];
  const rows = parts.flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).map(([name, field]) => {
      const optional = required.includes(name) ? "" : ", optional";
      return `<li><code>${text(name)}</code> <span class="type">${typeText(field)}${optional}</span> ${text(field.description ?? "")}${fieldList(field)}`;
    }),
  );
  return rows.length === 0 ? "" : `<ul>${rows.join("\n")}</ul>`;
}

function typeText({ type, items, enum: values, anyOf, const: value, ...rest }: Schema): string {
  if (value !== undefined) return text(JSON.stringify(value));
  if (values !== undefined) return values.map((each) => text(String(each))).join(" | ");
  if (anyOf !== undefined) return anyOf.map(typeText).join(" | ");
  if (items !== undefined) return `list of ${typeText(items)}`;
  const pattern = rest.pattern === undefined ? "" : ` <code>${text(rest.pattern)}</code>`;
  const normal =
    rest.default === undefined ? "" : `, ${text(JSON.stringify(rest.default))} by default`;
  return `${text(type ?? "any")}${pattern}${normal}`;
}

function codeSection(codes: ReadonlySet<string>): string {
  const rows = [...codes]
    .filter(isRefusalCode)
    .sort()
    .map((code) => {
      const [english, chinese] = [wordsOf(code, "en"), wordsOf(code, "zh")];
      return `<tr id="code-${code}"><td><code>${code}</code><td>${refusalCodes[code].status}<td>${text(english.title)}. ${text(english.remedy)}<td lang="zh">${text(chinese.title)}。${text(chinese.remedy)}`;
    });
  if (rows.length === 0) return "";
  return `<section><h2>Problems</h2><p>What goes wrong is answered as <code>application/problem+json</code> (RFC 9457), its title and remedy in the language that Accept-Language asks for. The code never changes.</p><table><tr><th>Code<th>Status<th>English<th>中文${rows.join("\n")}</table></section>`;
}

function codesOf({ responses }: Operation): string[] {
  const schema = responses["default"]?.content?.["application/problem+json"]?.schema;
  return (schema?.properties?.["code"]?.enum ?? []).map(String);
}

function anchor(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/-$/, "");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => entities[character]!);
}
