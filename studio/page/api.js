// What the page asks the server. Addresses are relative, because the page's own holds the token.

async function answer(response) {
  if (response.ok) return response;
  let message = "The studio does not answer; is it still running?";
  try { message = (await response.json()).message ?? message; } catch { /* not JSON */ }
  throw new Error(message);
}

async function ask(path, body) {
  let response;
  try {
    response = await fetch(path, body === undefined ? {} : {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    });
  } catch {
    throw new Error("The studio does not answer; is it still running?");
  }
  return answer(response);
}

const photo = (name) => `api/photos/${encodeURIComponent(name)}`;

export const state = async () => (await ask("api/state")).json();
export const open = async (name) => (await ask(photo(name))).json();
export const act = async (name, action, body) => (await ask(`${photo(name)}/${action}`, body)).json();
export const mask = async (name, body) => (await ask(`${photo(name)}/mask`, body)).blob();
export const cancel = (job) => ask(`api/jobs/${job}/cancel`, {});
export const piece = (name, id) => `${photo(name)}/pieces/${id}`;
export const choice = (name, number, version) => `${photo(name)}/choices/${number}?v=${version}`;
export const tile = (name, level, column, row, version, original) =>
  `${photo(name)}/tiles/${level}/${column}/${row}?v=${version}${original ? "&original" : ""}`;

export function listen(heard) {
  const source = new EventSource("api/events");
  source.onmessage = (event) => heard(JSON.parse(event.data));
  return source;
}
