// Extras; the shop works without them.

fetch("/api/cart")
  .then((response) => response.json())
  .then(({ count }) => {
    document.getElementById("cart-count").textContent = count > 0 ? `(${count})` : "";
  });

const cookies = document.getElementById("cookies");
cookies.hidden = localStorage.getItem("cookies-seen") === "yes";
cookies.querySelector("button").addEventListener("click", () => {
  localStorage.setItem("cookies-seen", "yes");
  cookies.hidden = true;
});
