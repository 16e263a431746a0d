from PIL import Image

Image.open("in.png").save("out.png")
