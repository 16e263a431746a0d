from PIL import Image
Image.open("x").resize((1, 1)).save("y")
