import app
app.read(open("x"))
