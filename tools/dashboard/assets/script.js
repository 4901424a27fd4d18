// The script of the pages: moves numbers while somebody looks, and switches between light and dark.
// Without it every page is whole, and loads itself again.
"use strict";

(() => {
  const root = document.documentElement;
  const theme = document.getElementById("theme");

  const isDark = () =>
    root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;

  const kept = (value) => {
    try {
      if (value === undefined) return localStorage.getItem("theme");
      localStorage.setItem("theme", value);
    } catch {
      // A browser that keeps nothing shows what the system prefers.
    }
    return null;
  };

  const show = () => {
    if (theme) theme.textContent = isDark() ? theme.dataset.light : theme.dataset.dark;
  };

  const chosen = kept();
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  if (theme) {
    theme.hidden = false;
    theme.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      kept(root.dataset.theme);
      show();
    });
    show();
  }

  // What was unfolded stays unfolded, and what has the focus keeps it.
  const replace = (element, html) => {
    const open = [...element.querySelectorAll("details[open][id]")].map((own) => own.id);
    const focused = element.contains(document.activeElement) && document.activeElement;
    const path = focused && focused.id ? `#${CSS.escape(focused.id)}`
      : focused && focused.matches("summary") && focused.parentElement.id
        ? `#${CSS.escape(focused.parentElement.id)} > summary`
        : focused && focused.matches("a[href]") ? `a[href="${CSS.escape(focused.getAttribute("href"))}"]` : null;
    element.innerHTML = html;
    for (const id of open) element.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    if (path) element.querySelector(path)?.focus({ preventScroll: true });
    element.classList.remove("moved");
    if (element.localName === "span" && !element.closest(".asof")) {
      void element.offsetWidth;
      element.classList.add("moved");
    }
  };

  const elements = () =>
    new Map([...document.querySelectorAll("[data-live]")].map((own) => [own.dataset.live, own]));
  let live = elements();

  // The page has other parts now: fetch it again, in place.
  const again = async () => {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = page.getElementById("main");
    if (main) document.getElementById("main").replaceChildren(...main.childNodes);
    live = elements();
  };

  const stream = document.body.dataset.stream;
  const lost = document.getElementById("lost");
  if (stream && "EventSource" in window) {
    const events = new EventSource(stream);
    events.addEventListener("parts", (event) => {
      for (const [key, html] of Object.entries(JSON.parse(event.data))) {
        const element = live.get(key);
        if (element && element.innerHTML !== html) replace(element, html);
      }
    });
    events.addEventListener("again", () => again().catch(() => {}));
    events.addEventListener("open", () => { if (lost) lost.textContent = ""; });
    events.addEventListener("error", () => {
      if (lost) lost.textContent = document.body.dataset.paused ?? "";
    });
    addEventListener("pagehide", () => events.close());
  }

  // On a wall screen the keyboard turns: arrows in the direction of writing, space stops.
  if (root.classList.contains("wall")) {
    const seconds = Number(document.body.dataset.turnsAfter);
    if (seconds > 0) setTimeout(() => document.getElementById("next").click(), seconds * 1000);
    addEventListener("keydown", (event) => {
      const ahead = root.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
      const back = root.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
      const id = { [ahead]: "next", [back]: "previous", " ": "pause" }[event.key];
      const link = id && document.getElementById(id);
      if (link && !event.target.closest("a, button, input, summary")) {
        event.preventDefault();
        link.click();
      }
    });
  }
})();
