package shop;

import static org.apache.commons.text.StringEscapeUtils.unescapeJava;

class Main {
    String read(String text) { return unescapeJava(text); }
}
