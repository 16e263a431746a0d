"""Maven, Gradle and version catalogues."""

from __future__ import annotations

import pytest

from seamark.response.remediation.change import ChangeKind

from .made import made, refused, swapped

POM = """\
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent>
    <groupId>org.example</groupId><artifactId>parent</artifactId><version>1.0.0</version>
  </parent>
  <properties>
    <log4j.version>2.14.1</log4j.version> <!-- see SEC-1 -->
  </properties>
  <dependencies>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-core</artifactId>
      <version>${log4j.version}</version>
    </dependency>
    <dependency>
      <groupId>com.h2database</groupId>
      <artifactId>h2</artifactId>
      <version><!-- old -->1.4.200 </version>
      <scope>test</scope>
    </dependency>
    <dependency>
      <groupId>org.ranged</groupId>
      <artifactId>ranged</artifactId>
      <version>[1.0,2.0)</version>
    </dependency>
    <dependency>
      <groupId>org.far</groupId>
      <artifactId>far</artifactId>
      <version>${far.version}</version>
    </dependency>
  </dependencies>
</project>
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        ("org.apache.logging.log4j/log4j-core", "2.14.1 -> 2.17.1", "2.14.1", "2.17.1"),
        ("com.h2database/h2", "1.4.200 -> 2.2.220", "1.4.200", "2.2.220"),
        ("org.example/parent", "1.0.0 -> 1.1.0", "1.0.0", "1.1.0"),
    ],
)
def test_pom_is_raised(name: str, versions: str, old: str, new: str) -> None:
    swapped(
        "pom.xml",
        POM.replace("<?xml version=", "<?xml version="),
        f">{old}<" if f">{old}<" in POM else old,
        f">{new}<" if f">{old}<" in POM else new,
        "maven",
        name,
        versions,
    )


def test_pom_is_refused() -> None:
    refused({"pom.xml": POM}, "which is not edited", "maven", "org.ranged/ranged", "1.5 -> 1.9")
    refused({"pom.xml": POM}, "none of the files sets", "maven", "org.far/far", "1 -> 2")
    refused({"pom.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><project/>"}, "document type", "maven", "a/b", "1 -> 2")
    shared = POM.replace("${far.version}", "${log4j.version}")
    refused({"pom.xml": shared}, "as well", "maven", "org.apache.logging.log4j/log4j-core", "2.14.1 -> 2.17.1")


def test_property_of_a_parent_is_raised_there() -> None:
    parent = "<project><properties><far.version>1.0</far.version></properties></project>"
    after = made(
        {"app/pom.xml": POM, "pom.xml": parent}, "maven", "org.far/far", "1.0 -> 1.2", manifests=("app/pom.xml",)
    )
    assert after == {"app/pom.xml": POM, "pom.xml": parent.replace("1.0", "1.2")}


def test_override_is_managed() -> None:
    after = made({"pom.xml": POM}, "maven", "org.yaml/snakeyaml", "1.26 -> 2.0", kind=ChangeKind.OVERRIDE)["pom.xml"]
    lines = [
        "dependencyManagement>",
        "  <dependencies>",
        "    <dependency>",
        "      <groupId>org.yaml</groupId>",
        "      <artifactId>snakeyaml</artifactId>",
        "      <version>2.0</version>",
    ]
    expected = "\n".join(
        [
            "  <" + lines[0],
            *("  " + each for each in lines[1:]),
            "      </dependency>",
            "    </dependencies>",
            "  </dependencyManagement>",
        ]
    )
    assert after == POM.replace("  </dependencies>\n</project>", f"  </dependencies>\n{expected}\n</project>")
    more = made({"pom.xml": after}, "maven", "org.json/json", "1 -> 20231013", kind=ChangeKind.OVERRIDE)["pom.xml"]
    assert more.count("<dependencyManagement>") == 1
    assert "      <dependency>\n        <groupId>org.json</groupId>" in more


GRADLE = """\
// implementation 'org.yaml:snakeyaml:1.26' is not used
plugins { id 'org.springframework.boot' version '2.5.0' }
ext.jacksonVersion = '2.12.0'
dependencies {
    implementation 'org.yaml:snakeyaml:1.26' // parser
    api group: 'com.google.guava', name: 'guava', version: "29.0-jre"
    implementation "com.fasterxml.jackson.core:jackson-databind:$jacksonVersion"
    implementation "com.fasterxml.jackson.core:jackson-core:${jacksonVersion}"
    implementation "org.some:thing:1.+"
}
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        (
            "org.yaml/snakeyaml",
            "1.26 -> 2.0",
            "'org.yaml:snakeyaml:1.26' // parser",
            "'org.yaml:snakeyaml:2.0' // parser",
        ),
        ("com.google.guava/guava", "29.0-jre -> 32.0.1-jre", "29.0-jre", "32.0.1-jre"),
        ("com.fasterxml.jackson.core/jackson-databind", "2.12.0 -> 2.12.7", "2.12.0", "2.12.7"),
        ("org.springframework.boot/org.springframework.boot.gradle.plugin", "2.5.0 -> 2.7.18", "2.5.0", "2.7.18"),
    ],
)
def test_script_is_raised(name: str, versions: str, old: str, new: str) -> None:
    swapped("app/build.gradle", GRADLE, old, new, "maven", name, versions)


def test_script_is_refused() -> None:
    refused({"build.gradle": GRADLE}, "which is not edited", "maven", "org.some/thing", "1.2 -> 1.9")
    refused(
        {"build.gradle": GRADLE.replace("ext.jackson", "ext.other")},
        "nowhere",
        "maven",
        "com.fasterxml.jackson.core/jackson-core",
        "2.12.0 -> 2.12.7",
    )


def test_variable_of_properties_and_constraint() -> None:
    script = 'dependencies {\n  implementation("a.b:c:$cVersion")\n}\n'
    after = made(
        {"app/build.gradle.kts": script, "gradle.properties": "x=1\ncVersion = 1.0\n"},
        "maven",
        "a.b/c",
        "1.0 -> 1.1",
        manifests=("app/build.gradle.kts",),
    )
    assert after == {"app/build.gradle.kts": script, "gradle.properties": "x=1\ncVersion = 1.1\n"}
    added = made({"build.gradle.kts": script}, "maven", "d.e/f", "1 -> 2", kind=ChangeKind.OVERRIDE)["build.gradle.kts"]
    assert added == script.replace("{\n", '{\n  constraints {\n    implementation("d.e:f:2")\n  }\n', 1)


CATALOGUE = """\
[versions]
okhttp = "4.9.0" # http
guava = { strictly = "30.0-jre" }
[libraries]
okhttp-core = { module = "com.squareup.okhttp3:okhttp", version.ref = "okhttp" }
okhttp-tls = { group = "com.squareup.okhttp3", name = "okhttp-tls", version.ref = "okhttp" }
guava = { module = "com.google.guava:guava", version.ref = "guava" }
junit = "junit:junit:4.12"
moshi = { module = "com.squareup.moshi:moshi", version = "1.1" }
[plugins]
shadow = { id = "com.example.shadow", version = "7.0" }
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        ("com.squareup.okhttp3/okhttp", "4.9.0 -> 4.12.0", "4.9.0", "4.12.0"),
        ("com.google.guava/guava", "30.0-jre -> 32.0-jre", "30.0-jre", "32.0-jre"),
        ("junit/junit", "4.12 -> 4.13.1", "4.12", "4.13.1"),
        ("com.squareup.moshi/moshi", "1.1 -> 1.15", '"1.1"', '"1.15"'),
        ("com.example.shadow/com.example.shadow.gradle.plugin", "7.0 -> 8.0", "7.0", "8.0"),
    ],
)
def test_catalogue_is_raised(name: str, versions: str, old: str, new: str) -> None:
    swapped("gradle/libs.versions.toml", CATALOGUE, old, new, "maven", name, versions)
