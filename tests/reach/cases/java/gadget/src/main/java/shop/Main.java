package shop;

import java.io.*;

class Main {
    Object read(InputStream in) throws Exception { return new ObjectInputStream(in).readObject(); }
}
