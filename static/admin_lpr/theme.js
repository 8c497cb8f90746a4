// The admin follows the pages' theme, dark unless chosen otherwise, until somebody switches it here.
try {
  const chosen = localStorage.getItem("theme") ?? "dark";
  const known = { light: "light", system: "auto" };
  if (localStorage.getItem("pagesTheme") !== chosen) {
    localStorage.setItem("pagesTheme", chosen);
    localStorage.setItem("adminTheme", JSON.stringify(known[chosen] ?? "dark"));
  }
} catch {
  // Storage may be switched off; the system's theme holds then.
}
