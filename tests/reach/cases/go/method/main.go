package main

import (
	"net/http"

	"github.com/gorilla/websocket"
)

func main() {
	up := websocket.Upgrader{}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		c, _ := up.Upgrade(w, r, nil)
		c.ReadMessage()
	})
}
