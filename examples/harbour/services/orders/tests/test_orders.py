"""What the shop promises its customers, and that the weaknesses are really there."""


def items(response):
    return [order["item"] for order in response.get_json()]


def test_search_by_item(client):
    assert items(client.get("/orders?q=compass")) == ["compass"]


def test_search_is_injectable(client):
    stolen = client.get("/orders?q=x' UNION SELECT 1,1,password_hash,1,1,1,1,1,email FROM customers--")
    assert "fad0ce221c826eede253cb0956ca0700" in items(stolen)


def test_read_an_order(client):
    assert client.get("/orders/3").get_json()["item"] == "signal flags"
    assert client.get("/orders/99").status_code == 404


def test_ordering_needs_a_session(client):
    assert client.post("/orders", json={"item": "rope", "quantity": 1, "total_cents": 100}).status_code == 401


def test_sign_in_then_order(client):
    assert client.post("/session", json={"email": "ada@shop.example", "password": "lighthouse"}).status_code == 200
    placed = client.post("/orders", json={"item": "rope", "quantity": 1, "total_cents": 100})
    assert placed.status_code == 201
    assert client.get("/orders/%d" % placed.get_json()["id"]).get_json()["item"] == "rope"


def test_sign_in_is_injectable(client):
    answer = client.post("/session", json={"email": "ben@shop.example' --", "password": "?"})
    assert answer.get_json()["name"] == "Ben Anchor"


def test_welcome_reflects_markup(client):
    assert b"<script>" in client.get("/customers/welcome?name=<script>").data


def test_cart_counts_items(client):
    client.put("/cart/rope")
    assert client.put("/cart/rope").get_json() == {"rope": 2}
    assert client.post("/cart/discount", json={"rule": "total * 10"}).get_json() == {"total": 20}


def test_admin_needs_the_token(client):
    assert client.post("/admin/prices", data="rope: 100").status_code == 403
    answer = client.post("/admin/prices", data="rope: 100", headers={"X-Admin-Token": "let-me-into-the-harbour"})
    assert answer.get_json() == {"count": 1}


def test_invoice_names_the_address(client):
    assert b"Quay Street" in client.get("/invoices/1").data
