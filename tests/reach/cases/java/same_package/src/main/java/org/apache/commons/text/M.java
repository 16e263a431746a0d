package org.apache.commons.text;
class M { String f(String x) { return new StringSubstitutor().replace(x); } }
