"""Maven with parents and managed versions; Gradle's scripts, catalogues and locks."""

from __future__ import annotations

from pathlib import Path

from seamark.intake.discovery.extractors.packages import gradle_script

from .support import plant, told

PARENT = """
    <project xmlns="http://maven.apache.org/POM/4.0.0">
      <parent><groupId>org.far</groupId><artifactId>away</artifactId><version>9</version></parent>
      <groupId>com.acme</groupId><artifactId>parent</artifactId><version>1.0</version>
      <licenses><license><name>Apache-2.0</name></license></licenses>
      <modules><module>orders</module><module>web/pom.xml</module><module>gone</module></modules>
      <properties><jackson.version>2.${minor}.0</jackson.version><minor>15</minor><loop>${loop}</loop></properties>
      <dependencyManagement><dependencies>
        <dependency><groupId>com.fasterxml</groupId><artifactId>jackson-core</artifactId><version>${jackson.version}</version></dependency>
        <dependency><groupId>org.junit</groupId><artifactId>junit</artifactId><version>5.0</version><scope>test</scope></dependency>
        <dependency><groupId>com.acme</groupId><artifactId>bom</artifactId><version>1.0</version><type>pom</type><scope>import</scope></dependency>
        <dependency><groupId>org.far</groupId><artifactId>bom</artifactId><version>1.0</version><type>pom</type><scope>import</scope></dependency>
      </dependencies></dependencyManagement>
      <dependencies>
        <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-api</artifactId><version>2.0</version></dependency>
      </dependencies>
    </project>
"""
ORDERS = """
    <!DOCTYPE project [<!ENTITY x SYSTEM "file:///etc/passwd">]>
    <project>
      <parent><groupId>com.acme</groupId><artifactId>parent</artifactId><version>1.0</version></parent>
      <artifactId>orders</artifactId>
      <properties><minor>16</minor></properties>
      <dependencies>
        <dependency><groupId>com.fasterxml</groupId><artifactId>jackson-core</artifactId></dependency>
        <dependency><groupId>org.junit</groupId><artifactId>junit</artifactId></dependency>
        <dependency><groupId>${project.groupId}</groupId><artifactId>web</artifactId><version>${project.version}</version></dependency>
        <dependency><groupId>javax</groupId><artifactId>servlet</artifactId><version>[3,4)</version><scope>provided</scope></dependency>
        <dependency><groupId>redis</groupId><artifactId>jedis</artifactId><version>4.0</version><optional>true</optional></dependency>
        <dependency><groupId>managed</groupId><artifactId>elsewhere</artifactId></dependency>
        <dependency><groupId>managed</groupId><artifactId>in-bom</artifactId></dependency>
        <dependency><groupId>lost</groupId><artifactId>lost</artifactId><version>${loop}</version></dependency>
      </dependencies>
      <profiles><profile><dependencies>
        <dependency><groupId>only</groupId><artifactId>sometimes</artifactId><version>1</version></dependency>
      </dependencies></profile></profiles>
    </project>
"""
BOM = """
    <project><groupId>com.acme</groupId><artifactId>bom</artifactId><version>1.0</version>
      <dependencyManagement><dependencies>
        <dependency><groupId>managed</groupId><artifactId>in-${kind}</artifactId><version>7</version></dependency>
      </dependencies></dependencyManagement>
      <properties><kind>bom</kind></properties>
    </project>
"""


def test_maven(tmp_path: Path) -> None:
    files = {
        "pom.xml": PARENT,
        "orders/pom.xml": ORDERS,
        "web/pom.xml": "<project><groupId>com.acme</groupId><artifactId>web</artifactId></project>",
        "bom/pom.xml": BOM,
        "other/pom.xml": "<note/>",
    }
    found = told(plant(tmp_path, files), "maven")
    assert sorted(found) == ["bom/pom.xml", "orders/pom.xml", "pom.xml", "web/pom.xml"]
    assert found["pom.xml"].facts == {
        "ecosystem": "maven",
        "locked": False,
        "name": "com.acme:parent",
        "version": "1.0",
        "licence": "Apache-2.0",
        "parent": "org.far:away:9",
        "workspaces": ["orders", "web"],
    }
    assert found["pom.xml"].rows == ["maven/org.slf4j/slf4j-api@2.0 runtime direct"]
    assert found["orders/pom.xml"].rows == [
        "maven/com.fasterxml/jackson-core@2.16.0 runtime direct",
        "maven/org.junit/junit@5.0 test direct",
        "maven/javax/servlet development direct",
        "maven/redis/jedis@4.0 optional direct",
        "maven/managed/elsewhere runtime direct",
        "maven/managed/in-bom@7 runtime direct",
        "maven/lost/lost runtime direct",
        "maven/only/sometimes@1 optional direct",
        "maven/org.slf4j/slf4j-api@2.0 runtime direct",
    ]
    assert found["orders/pom.xml"].facts["name"] == "com.acme:orders"
    assert found["orders/pom.xml"].facts["version"] == "1.0"
    assert found["orders/pom.xml"].facts["ranges"] == {"javax/servlet": "[3,4)", "lost/lost": "${loop}"}


def test_parents_that_go_in_circles(tmp_path: Path) -> None:
    def pom(name: str, parent: str) -> str:
        return f"<project><parent><groupId>g</groupId><artifactId>{parent}</artifactId><version>1</version><relativePath/></parent><artifactId>{name}</artifactId></project>"

    found = told(plant(tmp_path, {"a/pom.xml": pom("a", "b"), "b/pom.xml": pom("b", "a")}), "maven")
    assert {path: each.facts["name"] for path, each in found.items()} == {"a/pom.xml": "g:a", "b/pom.xml": "g:b"}


GROOVY = """
    buildscript {
        ext.bootVersion = '3.1.0' // the framework
        dependencies { classpath "org.boot:plugin:${bootVersion}" }
    }
    group = 'com.acme'
    version = '1.2.0'
    def guavaVersion = "32.0-jre"
    ext { versions = [jackson: '2.15.0'] }
    /* implementation 'not:this:1' */
    dependencies {
        implementation platform("org.boot:bom:$bootVersion")
        implementation 'org.boot:web'
        api "com.google.guava:guava:$guavaVersion", 'a:b:1@jar'
        implementation group: 'com.fasterxml', name: 'jackson-core', version: versions.jackson
        runtimeOnly('org.postgresql:postgresql:42.+') {
            exclude group: 'org.checker', module: 'checker'
        }
        annotationProcessor 'org.lombok:lombok:1.18.0'
        testImplementation "junit:junit:4.13"
        implementation project(':shared')
        implementation files('libs/x.jar')
        implementation "lost:lost:${unknown}"
        constraints { implementation 'held:back:1' }
    }
    tasks.register('x') { println 'hello:world:1' }
"""


def test_groovy_script(tmp_path: Path) -> None:
    files = {
        "build.gradle": GROOVY,
        "settings.gradle": "rootProject.name = 'shop'\ninclude 'shared', ':apps:web'\ninclude(':gone')\n",
        "shared/build.gradle": 'dependencies { api "x:y:${versions.jackson}"; api "p:q:$fromProperties" }',
        "apps/web/build.gradle.kts": "",
        "gradle.properties": "# comment\nfromProperties=5.0\n",
        "gradle.lockfile": "# comment\na:b:1=compileClasspath,runtimeClasspath\njunit:junit:4.13=testCompileClasspath,testRuntimeClasspath\norg.lombok:lombok:1.18.0=annotationProcessor\nempty=x\n",
    }
    found = told(plant(tmp_path, files), "gradle")
    assert found["build.gradle"].facts == {
        "ecosystem": "maven",
        "locked": False,
        "name": "shop",
        "version": "1.2.0",
        "lock": "gradle.lockfile",
        "workspaces": ["shared", "apps/web"],
        "ranges": {"org.postgresql/postgresql": "42.+", "lost/lost": "${unknown}"},
    }
    assert sorted(found["build.gradle"].rows) == [
        "maven/a/b@1 runtime direct",
        "maven/com.fasterxml/jackson-core@2.15.0 runtime direct",
        "maven/com.google.guava/guava@32.0-jre runtime direct",
        "maven/junit/junit@4.13 test direct",
        "maven/lost/lost runtime direct",
        "maven/org.boot/bom@3.1.0 runtime direct",
        "maven/org.boot/plugin@3.1.0 development direct",
        "maven/org.boot/web runtime direct",
        "maven/org.lombok/lombok@1.18.0 development direct",
        "maven/org.postgresql/postgresql runtime direct",
    ]
    assert found["shared/build.gradle"].rows == ["maven/x/y@2.15.0 runtime direct", "maven/p/q@5.0 runtime direct"]
    assert found["gradle.lockfile"].rows == [
        "maven/a/b@1 runtime direct",
        "maven/junit/junit@4.13 test direct",
        "maven/org.lombok/lombok@1.18.0 development direct",
    ]


def test_kotlin_script_with_a_catalogue(tmp_path: Path) -> None:
    catalogue = """
        [versions]
        ktor = "2.3.0"
        guava = { strictly = "32.0" }
        [libraries]
        ktor-server_core = { module = "io.ktor:ktor-server-core", version.ref = "ktor" }
        ktor-client = { group = "io.ktor", name = "ktor-client", version.ref = "ktor" }
        guava = { module = "com.google.guava:guava", version.ref = "guava" }
        short = "a:b:1"
        bare = { module = "x:bare" }
        [bundles]
        ktor = ["ktor-server_core", "ktor-client"]
    """
    script = """
        dependencies {
            implementation(libs.bundles.ktor)
            implementation(platform(libs.guava))
            implementation(libs.bare)
            testImplementation(kotlin("test"))
            ksp(libs.short.get())
            implementation(libs.unknown.thing)
            implementation(projects.core.data)
            implementation(group = "g", name = "n", version = "3")
            "customImplementation"("c:d:2")
        }
    """
    files = {
        "gradle/libs.versions.toml": catalogue,
        "app/build.gradle.kts": script,
        "gradle/broken.versions.toml": "[versions]\nx = = 1\n",
    }
    tree = plant(tmp_path, files)
    found = told(tree, "gradle")
    assert sorted(found["app/build.gradle.kts"].rows) == [
        "maven/a/b@1 development direct",
        "maven/com.google.guava/guava@32.0 runtime direct",
        "maven/g/n@3 runtime direct",
        "maven/io.ktor/ktor-client@2.3.0 runtime direct",
        "maven/io.ktor/ktor-server-core@2.3.0 runtime direct",
        "maven/org.jetbrains.kotlin/kotlin-test test direct",
        "maven/x/bare runtime direct",
    ]
    assert found["gradle/libs.versions.toml"].facts == {"ecosystem": "maven", "locked": False, "purpose": "catalogue"}
    assert len(found["gradle/libs.versions.toml"].rows) == 5
    assert [each.at for each in tree.troubles] == ["gradle/broken.versions.toml:2"]


def test_plain_scripts() -> None:
    text = 'a = \'http://x\' // gone\n\n\n  b = "/* kept */" /* gone\n */ c = """x // kept""" /* open'
    assert gradle_script.plain(text) == 'a = \'http://x\'\nb = "/* kept */" c = """x // kept""" '
    assert gradle_script.scope("debugImplementation") == "development"
    assert gradle_script.scope("androidTestImplementation") == "test"
    assert gradle_script.scope("protobuf") == "development"
    assert gradle_script.filled('${property("a.b")} $c ${d}', {"b": "1", "c": "2"}) == "1 2 ${d}"
