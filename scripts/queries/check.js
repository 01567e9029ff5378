// Parses the queries in deploy/observability with Microsoft's parser and binds them to the columns in names.yaml: a name
// that is not a column, a function or defined in the query is an error.
import { createRequire } from "node:module";
import { readFileSync, readdirSync } from "node:fs";
import { parse } from "yaml";

const require = createRequire(import.meta.url);
// The packages are scripts that define globals, in this order.
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { GlobalState, KustoCode, Symbols } = globalThis.Kusto.Language;

const folder = new URL("../../deploy/observability/", import.meta.url);
const { tables } = parse(readFileSync(new URL("names.yaml", folder), "utf8"));
const schemas = tables.map(({ name, columns }) => {
  const text = Object.entries(columns).map(([column, type]) => `${column}: ${type}`);
  return Symbols.TableSymbol.From(`(${text.join(", ")})`).WithName(name);
});
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1("workspace", schemas));

/** What is wrong with a query, one line each. */
function problems(text) {
  const diagnostics = KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics();
  return Array.from({ length: diagnostics.Count }, (_, at) => diagnostics.getItem(at))
    .filter((found) => found.Severity === "Error")
    .map((found) => found.Message);
}

// The checker itself must find faults, or it would pass whatever the parser does.
for (const wrong of ["AKSAuditAdmin | where", "AKSAuditAdmin | where Annotation == 1", "AKSAudit | count"]) {
  if (problems(wrong).length === 0) throw new Error(`the parser accepts ${wrong}`);
}

const queries = readdirSync(folder).filter((name) => name.endsWith(".kql"));
const found = queries.flatMap((name) =>
  problems(readFileSync(new URL(name, folder), "utf8")).map((problem) => `${name}: ${problem}`),
);
if (queries.length === 0 || found.length > 0) {
  console.error(found.join("\n") || "there are no queries");
  process.exit(1);
}
console.log(`${queries.length} queries are in order`);
