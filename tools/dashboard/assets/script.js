// The script of the pages: moves numbers while somebody looks, says when they stand still, and
// switches between light and dark. Without it every page is whole, and loads itself again.
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

  // What tells a child from its siblings, wherever it stands.
  const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE
    && (node.dataset.key || node.id || node.dataset.live || node.getAttribute("aria-labelledby")))
    || "";

  const isAlike = (one, other) => one.nodeName === other.nodeName && keyOf(one) === keyOf(other);

  // Makes a node like another one and touches only what differs: whoever reads keeps their place,
  // their focus, what they selected and what they unfolded.
  const patch = (own, wanted) => {
    if (own.nodeType !== Node.ELEMENT_NODE) {
      if (own.data !== wanted.data) own.data = wanted.data;
      return;
    }
    const isReaders = (name) => name === "open" && own.localName === "details";
    for (const { name } of [...own.attributes]) {
      if (!wanted.hasAttribute(name) && !isReaders(name)) own.removeAttribute(name);
    }
    for (const { name, value } of wanted.attributes) {
      if (own.getAttribute(name) !== value && !isReaders(name)) own.setAttribute(name, value);
    }
    fill(own, wanted);
  };

  const fill = (own, wanted) => {
    const keys = new Set([...wanted.childNodes].map(keyOf));
    for (const child of [...own.childNodes]) {
      if (keyOf(child) && !keys.has(keyOf(child))) child.remove();
    }
    let at = own.firstChild;
    const drop = () => {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    };
    for (const child of [...wanted.childNodes]) {
      let kept = at;
      while (kept && !isAlike(kept, child)) kept = kept.nextSibling;
      if (!kept) {
        own.insertBefore(child, at);
        continue;
      }
      if (!keyOf(child)) while (at !== kept) drop();
      if (kept === at) at = at.nextSibling;
      else own.insertBefore(kept, at);
      patch(kept, child);
    }
    while (at) drop();
  };

  // What had to move to another place gets its focus back.
  const keepFocus = (change) => {
    const focused = document.activeElement;
    change();
    if (focused !== document.activeElement && focused.isConnected) {
      focused.focus({ preventScroll: true });
    }
  };

  const replace = (element, html) => {
    const before = element.textContent;
    const wanted = element.cloneNode(false);
    wanted.innerHTML = html;
    keepFocus(() => fill(element, wanted));
    const isNews = element.localName === "span" && element.textContent !== before;
    if (isNews && !element.closest(".asof")) {
      element.classList.remove("moved");
      void element.offsetWidth;
      element.classList.add("moved");
    }
  };

  const elements = () =>
    new Map([...document.querySelectorAll("[data-live]")].map((own) => [own.dataset.live, own]));
  let live = elements();

  const { stream, page, paused, slow } = document.body.dataset;
  const lost = document.getElementById("lost");
  const tell = (text) => {
    if (lost && lost.textContent !== text) lost.textContent = text;
  };
  const fetched = (path) => fetch(path, {
    headers: { accept: "text/html" },
    signal: AbortSignal.timeout(20_000),
  });
  // Not everybody at the same moment.
  const about = (seconds) => seconds * (750 + 500 * Math.random());

  // Another election answers at this address, or another version of the program.
  const isOther = (found) => {
    const other = found && found !== page;
    if (other) setTimeout(() => location.reload(), about(1));
    return other;
  };

  // Fetches the page again, in place: it has other parts now, or its stream does not come.
  const renew = async () => {
    try {
      const answer = await fetched(location.href);
      const own = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (isOther(own.body.dataset.page) || !answer.ok) return false;
      keepFocus(() => {
        for (const place of ["main", ".asof > [data-live]", "footer"]) {
          const [old, wanted] = [document.querySelector(place), own.querySelector(place)];
          if (old && wanted) fill(old, wanted);
        }
      });
      live = elements();
      return true;
    } catch {
      return false;
    }
  };

  // Something is heard every five seconds as long as somebody counts; a connection that is half
  // open says nothing, and no error either.
  const SILENCE_SECONDS = 20;
  const RENEW_SECONDS = 15;
  const WAIT_SECONDS_MAX = 30;
  let events;
  let timer;
  let failures = 0;
  let isRenewed = false;
  let isHeld = false;

  const close = () => {
    clearTimeout(timer);
    events?.close();
    events = undefined;
  };

  // An event source gives up for good at the first answer that is no stream; we do not.
  const failed = () => {
    close();
    tell(isRenewed ? slow : paused);
    failures += 1;
    const wait = isRenewed ? RENEW_SECONDS : Math.min(WAIT_SECONDS_MAX, 2 ** failures);
    timer = setTimeout(async () => {
      isRenewed = await renew();
      if (isHeld || document.hidden) return;
      if (isRenewed) open();
      else failed();
    }, about(wait));
  };

  const open = () => {
    close();
    // Six connections are all that a browser has for a server: none for a page that nobody sees.
    if (isHeld || document.hidden) return;
    events = new EventSource(stream);
    const listen = (name, act) => events.addEventListener(name, (event) => {
      clearTimeout(timer);
      timer = setTimeout(failed, SILENCE_SECONDS * 1000);
      failures = 0;
      isRenewed = false;
      tell("");
      act(event.data);
    });
    timer = setTimeout(failed, SILENCE_SECONDS * 1000);
    let isWhole = false;
    listen("page", (found) => {
      if (isOther(found)) close();
      isWhole = true;
    });
    listen("parts", (data) => {
      const parts = Object.entries(JSON.parse(data));
      if (isWhole && (parts.length !== live.size || parts.some(([key]) => !live.has(key)))) renew();
      isWhole = false;
      for (const [key, html] of parts) {
        const element = live.get(key);
        if (element) replace(element, html);
      }
    });
    listen("again", async () => {
      if (!(await renew())) failed();
    });
    listen("beat", () => {});
    events.addEventListener("error", failed);
  };

  const hold = document.getElementById("hold");
  if (stream) {
    open();
    addEventListener("pagehide", close);
    // Back to a page that the browser had kept as it was.
    addEventListener("pageshow", (event) => { if (event.persisted) open(); });
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    hold.hidden = false;
    hold.textContent = hold.dataset.stop;
    hold.addEventListener("click", () => {
      isHeld = !isHeld;
      hold.textContent = isHeld ? hold.dataset.go : hold.dataset.stop;
      tell(isHeld ? hold.dataset.held : "");
      open();
    });
  }

  // On a wall screen the keyboard turns: arrows in the direction of writing, space stops.
  if (root.classList.contains("wall")) {
    // Not before there is something to turn to: a hall would be left with the browser's error.
    const turn = async (path) => {
      try {
        if ((await fetched(path)).ok) {
          location.assign(path);
          return true;
        }
      } catch {
        // Told below.
      }
      tell(paused);
      return false;
    };
    // Nobody scrolls in a hall: a view that is longer than the screen takes several turns.
    const header = document.querySelector("header");
    const ahead = () => {
      const before = scrollY;
      scrollBy(0, (innerHeight - header.offsetHeight) * 0.9);
      return scrollY > before + 1;
    };
    const seconds = Number(document.body.dataset.turnsAfter);
    const go = async () => {
      const isTurned = ahead() || (await turn(document.getElementById("next").href));
      setTimeout(go, (isTurned ? seconds : 5) * 1000);
    };
    if (seconds > 0) setTimeout(go, seconds * 1000);
    addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const [forth, back] = root.dir === "rtl"
        ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
      const id = { [forth]: "next", [back]: "previous", " ": "pause" }[event.key];
      const link = id && document.getElementById(id);
      if (link && !event.target.closest("a, button, input, summary")) {
        event.preventDefault();
        turn(link.href);
      }
    });
  }
})();
