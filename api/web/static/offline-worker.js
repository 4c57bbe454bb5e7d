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

async function page(request) {
  const kept = await caches.open(PAGES);
  try {
    const answer = await fetch(request);
    if (answer.redirected || answer.type === "opaqueredirect" || answer.status === 401) await caches.delete(PAGES);
    else if (answer.ok) await kept.put(request, answer.clone());
    return answer;
  } catch (lost) {
    const known = await kept.match(request, { ignoreVary: true }) ?? await kept.match(request, { ignoreVary: true, ignoreSearch: true });
    if (known) return known;
    throw lost;
  }
}

// An address that names its content never changes what it holds.
async function file(request) {
  const kept = await caches.open(FILES);
  const known = await kept.match(request, { ignoreVary: true });
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok && new URL(request.url).searchParams.has("v")) await kept.put(request, answer.clone());
  return answer;
}
