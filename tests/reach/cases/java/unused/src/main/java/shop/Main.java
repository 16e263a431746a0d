package shop;

import org.apache.commons.lang3.StringUtils;

class Main {
    String trim(String text) { return StringUtils.trim(text); }
}
