import jwt

print(jwt.encode({"a": 1}, "key"))
