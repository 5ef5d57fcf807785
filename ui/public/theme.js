// Runs before the first paint, so that a remembered theme never flashes in the other one. A file of its own because the
// content security policy allows no inline script.
try {
  const theme = localStorage.getItem("spanwise.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the theme of the system is then right.
}
