package shop;

import org.apache.commons.text.WordUtils;

class Main {
    String big(String text) { return WordUtils.capitalize(text); }
}
