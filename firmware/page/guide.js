// Where the guide box lies on a picture.

// guideSide is the side, in CSS pixels, of the guide box on a picture of width x
// height that covers its element, as object-fit does. The box is centred; its
// side is crop times the picture's shorter one, and it may reach over the edge.
export function guideSide(element, width, height, crop) {
  const { width: w, height: h } = element.getBoundingClientRect();
  return crop * Math.min(width, height) * Math.max(w / width, h / height);
}
