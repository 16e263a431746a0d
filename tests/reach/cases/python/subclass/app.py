import tornado.web

class Files(tornado.web.StaticFileHandler):
    pass

tornado.web.Application([("/(.*)", Files, {"path": "."})]).listen(80)
