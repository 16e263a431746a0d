from jinja2 import Template
print(Template(open("a.html").read()).render())
