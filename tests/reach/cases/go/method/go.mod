module shop.example/shop
require github.com/gorilla/websocket v1.4.0
