"use strict";
const part = (id) => document.getElementById(id);
const schemaQuery = `{ __schema { queryType { name } mutationType { name } types { kind name description
  fields { name description args { name type { kind name ofType { kind name ofType { kind name } } } }
    type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }
  inputFields { name description type { kind name ofType { kind name ofType { kind name } } } }
  enumValues { name description } possibleTypes { name } } } }`;

async function send(query, variables) {
  const headers = { "Content-Type": "application/json" };
  const token = part("token").value.trim();
  if (token) headers.Authorization = `Bearer ${token}`;
  const began = performance.now();
  try {
    const response = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    const answer = await response.json();
    part("status").textContent = `${response.status} in ${Math.round(performance.now() - began)} ms`;
    part("answer").textContent = JSON.stringify(answer, null, 2);
  } catch (error) {
    part("status").textContent = "no answer";
    part("answer").textContent = String(error);
  }
}

function sendTyped() {
  let variables = {};
  try {
    variables = JSON.parse(part("variables").value || "{}");
  } catch (error) {
    part("answer").textContent = `Variables: ${error.message}`;
    return;
  }
  send(part("query").value, variables);
}

part("console").addEventListener("submit", (event) => { event.preventDefault(); sendTyped(); });
part("schema").addEventListener("click", () => send(schemaQuery, {}));
part("query").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); sendTyped(); }
});
