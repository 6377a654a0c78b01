// The workspace's page: polls /_workspace/overview, and renders it when it changes.
"use strict";

const INTERVAL = 2000; // milliseconds
const STATES = { READY: "good", NOT_READY: "", IN_PROGRESS: "busy", UPDATE_FAILED: "bad", UPDATE_CANCELED: "bad", STOPPED: "" };
const LABELS = { READY: "Ready", NOT_READY: "Not ready", IN_PROGRESS: "Updating", UPDATE_FAILED: "Update failed",
  UPDATE_CANCELED: "Update cancelled", STOPPED: "Stopped" };

let rendered = "";

// An element with a class and children; text is never parsed as markup.
function make(tag, look, ...children) {
  const element = document.createElement(tag);
  if (look) element.className = look;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function badges(endpoint) {
  const states = [endpoint.suspend === "STOPPED" ? "STOPPED" : endpoint.ready];
  if (endpoint.config_update !== "NOT_UPDATING") states.push(endpoint.config_update);
  const elements = states.map((state) => make("span", `badge ${STATES[state]}`, LABELS[state]));
  if (endpoint.route_optimized) elements.push(make("span", "badge accent", "Route optimized"));
  return elements;
}

function address(url) {
  const copy = make("button", "", "Copy");
  copy.type = "button";
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(url);
    copy.textContent = "Copied";
  });
  const code = make("code", "", url);
  code.title = url;
  return make("div", "url", code, copy);
}

function bar(entities) {
  const parts = entities.map((entity, index) => [entity, index]).filter(([entity]) => entity.percentage > 0);
  const line = make("div", "bar");
  line.setAttribute("role", "img");
  line.setAttribute("aria-label", parts.map(([entity]) => `${entity.name} ${entity.percentage} %`).join(", "));
  for (const [entity, index] of parts) {
    const part = make("i", `share-${index % 5}`);
    part.style.flexGrow = entity.percentage;
    part.style.flexBasis = "0";
    line.append(part);
  }
  return line;
}

function row(entity, index) {
  const dot = make("span", entity.pending ? "dot" : `dot share-${index % 5}`);
  const size = [entity.size, entity.scale_to_zero ? "scales to zero" : ""].filter(Boolean).join(", ");
  const state = make("td", entity.deployment === "DEPLOYMENT_FAILED" ? "fault" : "quiet", entity.message || size);
  return make("tr", entity.pending ? "pending" : "",
    make("td", "", dot, entity.name, entity.pending ? " (pending)" : ""),
    make("td", "mono", entity.version ? `${entity.entity} ${entity.version}` : entity.entity),
    state,
    make("td", "count", entity.pending ? "" : `${entity.answered} answered`),
    make("td", "percent", `${entity.percentage} %`));
}

function chips(endpoint) {
  const may = endpoint.permissions.map((each) => make("span", "chip", make("b", "", each.who), ` ${each.level}`));
  const tags = endpoint.tags.map((tag) => make("span", "chip", tag.value ? `${tag.key}: ${tag.value}` : tag.key));
  return make("div", "chips", ...may, ...tags);
}

function card(endpoint) {
  return make("article", "card",
    make("div", "top", make("h3", "", endpoint.name), ...badges(endpoint)),
    endpoint.description ? make("p", "", endpoint.description) : null,
    address(endpoint.url),
    endpoint.entities.some((entity) => !entity.pending) ? bar(endpoint.entities.filter((entity) => !entity.pending)) : null,
    make("table", "", make("tbody", "", ...endpoint.entities.map(row))),
    chips(endpoint));
}

function request(each) {
  const time = new Date(each.time * 1000).toLocaleTimeString();
  return make("li", "",
    make("span", `mono s${String(each.status)[0]}`, String(each.status)),
    make("span", "mono method", each.method),
    make("span", "mono path", each.path.replace(/^\/api\/2\.\d/, "")),
    make("span", "times", each.times > 1 ? `× ${each.times}` : ""),
    make("span", "who", [time, each.principal].filter(Boolean).join(" · ")));
}

// Collapses consecutive identical requests into one line.
function collapsed(requests) {
  const lines = [];
  for (const each of requests) {
    const last = lines[lines.length - 1];
    const same = last && ["method", "path", "status", "principal"].every((member) => last[member] === each[member]);
    if (same) last.times += 1;
    else lines.push({ ...each, times: 1 });
  }
  return lines;
}

function total(name, number) {
  return make("div", "", make("dt", "", name), make("dd", "", String(number)));
}

function show(overview) {
  document.getElementById("place").textContent = `${location.origin} · workspace ${overview.workspace_id}`;
  document.getElementById("totals").replaceChildren(
    total("endpoints", overview.total), total("ready", overview.ready), total("updating", overview.updating));
  const cards = overview.endpoints.map(card);
  if (!cards.length) cards.push(make("p", "empty", "No serving endpoints yet. Create some with pulumi up."));
  const hidden = overview.total - overview.endpoints.length;
  if (hidden > 0) cards.push(make("p", "empty", `${hidden} more are not listed`));
  document.getElementById("endpoints").replaceChildren(...cards);
  const requests = collapsed(overview.requests).map(request);
  if (!requests.length) requests.push(make("li", "", make("span", "who", "None so far")));
  document.getElementById("requests").replaceChildren(...requests);
}

async function poll() {
  const pulse = document.getElementById("pulse");
  try {
    const answer = await fetch("/_workspace/overview");
    if (!answer.ok) throw new Error(String(answer.status));
    const text = await answer.text();
    if (text !== rendered) {
      rendered = text;
      show(JSON.parse(text));
    }
    pulse.textContent = "Live";
    pulse.className = "live";
  } catch {
    pulse.textContent = "Not reachable";
    pulse.className = "lost";
  }
  setTimeout(poll, INTERVAL);
}

poll();
