"""Classes of data by the names of fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import AssetKind
from seamark.core.errors import SeamarkError
from seamark.intake.discovery.code.fields import fields
from seamark.intake.discovery.data.classes import Classifier, Field, read_dictionary, standard, words_of
from seamark.intake.discovery.extractors.data import extract

from .trees import assets, edges, make, spoiled

CLASSIFIER = Classifier(standard())


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("email", "PII"), ("customerEmail", "PII"), ("EMAIL_ADDRESS", "PII"), ("phone_number", "PII"), ("dateOfBirth", "PII"), ("ssn", "PII"), ("firstName", "PII"),
        ("email_hash", "PII"), ("phoneNumber2", "PII"), ("card_number", "PCI"), ("creditCardNumber", "PCI"), ("CVV", "PCI"), ("CcCVV", "PCI"), ("iban", "FINANCIAL"),
        ("diagnosis", "PHI"), ("medicalRecordNumber", "PHI"), ("icd10_code", ""), ("icd_10", "PHI"), ("password", "CREDENTIALS"), ("password_hash", "CREDENTIALS"),
        ("api_key", "CREDENTIALS"), ("refreshToken", "CREDENTIALS"), ("faceEmbedding", "BIOMETRIC"), ("guardian_email", "CHILDREN"), ("gps_location", "LOCATION"),
        ("name", ""), ("id", ""), ("email_enabled", ""), ("is_email_verified", ""), ("sendEmail", ""), ("email_template", ""), ("email_sent_at", ""), ("emailId", ""),
        ("host_name", ""), ("file_name", ""), ("product_name", ""), ("token", ""), ("phone_type", ""), ("num_phone", ""), ("show_password", ""), ("forgot_password", ""),
        ("card", ""), ("number", ""), ("company", ""), ("ip", ""), ("", ""),
    ],
)  # fmt: skip
def test_names(name: str, found: str) -> None:
    told = [each for each, confidence in CLASSIFIER.of_name(name) if confidence > 0.8]
    assert (told[0] if told else "") == found


def test_types_that_hold_no_such_data() -> None:
    assert CLASSIFIER.of_name("email", "boolean") == []
    assert CLASSIFIER.of_name("email", "models.BooleanField") == []
    assert CLASSIFIER.of_name("email", "String?") != []


def told(*names: str) -> set[tuple[str, str]]:
    return {
        (each.data_class, each.field.name) for each in CLASSIFIER.tell([Field(name, "", "t", "x", 1) for name in names])
    }


def test_likely_names_need_company() -> None:
    assert told("city") == set()
    assert told("latitude", "altitude") == set()
    assert told("city", "zip_code") == {("PII", "city"), ("PII", "zip_code")}
    assert told("city", "email") == {("PII", "city"), ("PII", "email")}
    assert told("latitude", "longitude") == {("LOCATION", "latitude"), ("LOCATION", "longitude")}


def test_words() -> None:
    assert words_of("billingAddress_2") == ("billing", "address", "2")
    assert words_of("HTTPServerURL") == ("http", "server", "url")


DECLARED = {
    "schema.sql": "-- email TEXT\nCREATE TABLE IF NOT EXISTS shop.customers (\n id INT PRIMARY KEY, email TEXT NOT NULL,\n total NUMERIC(10, 2),\n CONSTRAINT c UNIQUE (email)\n);\nALTER TABLE customers ADD COLUMN phone TEXT;\n",
    "models.py": "class Customer(models.Model):\n    '''x'''\n    email = models.EmailField()\n    class Meta:\n        name = 'x'\n\nclass B(Base):\n    ssn = Column(String)\n    cvv: Mapped[str] = mapped_column()\n\nclass C(BaseModel):\n    iban: str\n    def f(self):\n        phone: str = 1\n",
    "schema.prisma": 'model Patient {\n  id Int @id\n  diagnosis String?\n  @@map("x")\n}\n',
    "user.ts": "export interface User {\n  email: string;\n  inner: {\n    phone: string;\n  };\n}\n@Entity()\nexport class A {\n  @Column()\n  private iban?: string;\n  run(phone: string) {\n    return { email: 1 };\n  }\n}\n",
    "user.js": "const UserSchema = new mongoose.Schema({\n  email: { type: String },\n});\nconst o = { phone: 1 };\n",
    "User.java": '@Entity\npublic class User {\n  @Column(name = "x")\n  private String email;\n  private final List<String> tags = x;\n  void f() { String phone = a; }\n}\n',
    "User.kt": "data class User(val email: String, var iban: String?)\n",
    "User.cs": "public class User {\n  public string Email { get; set; }\n  public required string? CardNumber { get; init; }\n}\n",
    "user.go": 'package x\ntype User struct {\n\tEmail string `json:"email"`\n\tSSN *string\n}\n',
    "user.rs": "#[derive(Queryable)]\npub struct User {\n    pub email: String,\n    iban: Option<String>,\n}\n",
    "schema.rb": 'create_table "users" do |t|\n  t.string "email"\n  t.index ["email"]\nend\nadd_column :users, :phone, :string\n',
    "migration.php": "<?php Schema::create('users', function ($table) {\n $table->string('email');\n});\n",
    "User.php": "<?php\nfinal class User {\n    private ?string $iban;\n}\n",
    "user.ex": 'schema "users" do\n  field :email, :string\nend\n',
}  # fmt: skip
WANTED = {
    "schema.sql": {"customers.id", "customers.email!3", "customers.total", "customers.phone"},
    "models.py": {"Customer.email!3", "B.ssn", "B.cvv", "C.iban"},
    "schema.prisma": {"Patient.id", "Patient.diagnosis!3"},
    "user.ts": {"User.email!2", "User.inner", "A.iban"},
    "user.js": {"User.email!2"},
    "User.java": {"User.email!4", "User.tags"},
    "User.kt": {"User.email!1", "User.iban"},
    "User.cs": {"User.Email!2", "User.CardNumber"},
    "user.go": {"User.Email!3", "User.SSN"},
    "user.rs": {"User.email!3", "User.iban"},
    "schema.rb": {"users.email!2", "users.phone"},
    "migration.php": {"users.email!2"},
    "User.php": {"User.iban!3"},
    "user.ex": {"users.email!2"},
}
STORED = {
    "schema.sql",
    "models.py",
    "schema.prisma",
    "user.ts",
    "user.js",
    "User.java",
    "user.rs",
    "schema.rb",
    "migration.php",
    "user.ex",
}


@pytest.mark.parametrize("path", DECLARED)
def test_fields_of_code(path: str, tmp_path: Path) -> None:
    found = fields(make(tmp_path, {path: DECLARED[path]}))
    names = {f"{each.holder}.{each.name}": each for each in found}
    wanted = {each.partition("!")[0]: int(each.partition("!")[2] or 0) for each in WANTED[path]}
    assert set(names) == set(wanted)
    assert {name: each.line for name, each in names.items() if wanted[name]} == {
        name: line for name, line in wanted.items() if line
    }
    assert any(each.stored for each in found) == (path in STORED)


def test_services_and_endpoints_handle_data(tmp_path: Path) -> None:
    tree = make(tmp_path, {
        "a/app.py": "from flask import Flask\nFlask(__name__)\n", "a/schema.sql": DECLARED["schema.sql"], "a/tests/models.py": "class T(BaseModel):\n    ssn: str\n",
        "lib/models.py": DECLARED["models.py"], "a/requirements.txt": "", "lib/setup.py": "",
        "api.yaml": "openapi: 3.0.0\npaths:\n  /me:\n    get: {responses: {'200': {content: {x: {schema: {properties: {note: {x-data-class: [pii, acme-secret]}}}}}}}}\n    put: {}\n",
    })  # fmt: skip
    facts = list(extract(tree))
    assert edges(facts) == [
        ("a", "handles", "PII"), ("api.yaml GET /me", "handles", "ACME_SECRET"), ("api.yaml GET /me", "handles", "PII"),
    ]  # fmt: skip
    assert assets(facts, AssetKind.SERVICE)["a"].facts == {
        "data_classes": ["PII"],
        "data_fields": [
            {"class": "PII", "field": "customers.email", "at": "a/schema.sql:3", "confidence": 0.9, "stored": True},
            {"class": "PII", "field": "customers.phone", "at": "a/schema.sql:7", "confidence": 0.9, "stored": True},
        ],
    }
    assert {key: each.name for key, each in assets(facts, AssetKind.DATA_CLASS).items()} == {
        "PII": "Personal data",
        "ACME_SECRET": "ACME_SECRET",
    }


def test_a_repository_adds_its_own_words(tmp_path: Path) -> None:
    code = {
        "a/requirements.txt": "",
        "a/app.py": "from flask import Flask\nFlask(__name__)\nclass M(BaseModel):\n    loyalty_tier: str\n",
    }
    own = "classes:\n  acme:\n    title: Ours\n    surely: [loyalty tier]\n"
    facts = list(extract(make(tmp_path / "1", {**code, "seamark-data-classes.yaml": own})))
    assert edges(facts) == [("a", "handles", "ACME")]
    tree = make(tmp_path / "2", {**code, "seamark-data-classes.yaml": "classes: {x: {never: 1}}\n"})
    assert edges(extract(tree)) == []
    assert [each.at for each in tree.troubles] == ["seamark-data-classes.yaml"]


@pytest.mark.parametrize("text", ["classes: [", "classes: {x: {surely: 5}}", "what: 1", "[1]"])
def test_broken_dictionaries_are_refused(text: str) -> None:
    with pytest.raises(SeamarkError, match="dictionary of data classes"):
        read_dictionary(text)


def test_spoiled_code_ends_nothing(tmp_path: Path) -> None:
    for way, files in spoiled({"app.py": "from flask import Flask\nFlask(__name__)\n", **DECLARED}):
        assert all(each is not None for each in extract(make(tmp_path / way.replace(" ", "_"), files)))
