package s;
class M { Object f(String n) throws Exception { return getClass().getClassLoader().loadClass(n).getDeclaredConstructor().newInstance(); } }
