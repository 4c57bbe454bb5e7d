// Lets the pages of visits, notes and dangers open without a network, as they were seen last.
// The network comes first; what is kept is cleared as soon as nobody is signed in.
"use strict";
const PAGES = "wangge-pages";
const FILES = "wangge-files";

self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (new URL(request.url).pathname.startsWith("/assets/")) event.respondWith(file(request));
});

// Whoever stands before a dead service answers in its stead, or nobody does: what was kept is better.
const AWAY = [502, 503, 504];
const LIMIT_MS = 15000;

async function page(request) {
  const kept = await caches.open(PAGES);
  const known = await kept.match(request, { ignoreVary: true }) ?? await kept.match(request, { ignoreVary: true, ignoreSearch: true });
  const stop = new AbortController();
  const limit = known && setTimeout(() => stop.abort(), LIMIT_MS);
  try {
    const answer = await fetch(request, { signal: stop.signal });
    clearTimeout(limit); // it is one of silence: an answer that has begun may take longer
    if (known && AWAY.includes(answer.status)) return asKept(known);
    if (answer.redirected || answer.type === "opaqueredirect" || answer.status === 401) await caches.delete(PAGES);
    else if (answer.ok) await keep(kept, request, answer.clone());
    return answer;
  } catch (lost) {
    if (known) return asKept(known);
    throw lost;
  }
}

// What came counts, though a full device keeps no more; what broke off on its way (a TypeError) did not come.
async function keep(cache, request, answer) {
  try {
    await cache.put(request, answer);
  } catch (failure) {
    if (failure instanceof TypeError) throw failure;
  }
}

// The page itself says that it is an older one.
async function asKept(known) {
  const text = (await known.text()).replace("<body ", "<body data-kept ");
  return new Response(text, { status: known.status, headers: known.headers });
}

// An address that names its content never changes what it holds.
async function file(request) {
  const kept = await caches.open(FILES);
  const known = await kept.match(request, { ignoreVary: true });
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok && new URL(request.url).searchParams.has("v")) await keep(kept, request, answer.clone());
  return answer;
}
