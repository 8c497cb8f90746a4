// Runs before the page is painted, so that it does not flash. Dark is the default: rooms are dark.
(() => {
  const systemIsLight = matchMedia("(prefers-color-scheme: light)");
  const apply = () => {
    let theme = "dark";
    try {
      theme = localStorage.getItem("theme") ?? "dark";
    } catch {
      // Storage may be switched off; the default holds then.
    }
    document.documentElement.dataset.themeChoice = theme;
    document.documentElement.dataset.bsTheme =
      theme === "system" ? (systemIsLight.matches ? "light" : "dark") : theme;
  };
  apply();
  systemIsLight.addEventListener("change", apply);
  addEventListener("themechange", apply);
})();
