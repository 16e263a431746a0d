// A slider and its number say the same; the form is sent for a preview by whichever was moved.

const form = document.querySelector("[data-weights]");
const sliders = new Map();

for (const slider of form.querySelectorAll("input[type=range]")) {
  const number = document.getElementById(slider.dataset.for);
  sliders.set(number, slider);
  slider.addEventListener("input", () => { number.value = slider.value; });
}

form.addEventListener("input", (event) => {
  const slider = sliders.get(event.target);
  if (!slider || event.target.value === "" || !event.target.validity.valid) return;
  // A number beyond the slider's end pushes the end out.
  const value = Number(event.target.value);
  if (value > Number(slider.max)) slider.max = String(value);
  if (value < Number(slider.min)) slider.min = String(value);
  slider.value = String(value);
});
