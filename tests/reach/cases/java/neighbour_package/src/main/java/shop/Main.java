package shop;

import org.apache.commons.codec.binary.Base64;

class Main {
    byte[] read(String text) { return Base64.decodeBase64(text); }
}
