// The commands on the first page name the server that the reader is looking at.
for (const place of document.querySelectorAll(".origin")) place.textContent = location.origin;
