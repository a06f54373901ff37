# What is protected in a base of the layers is nobody's but theirs, and no part of the reference.
/^ *protected:$/ { sub(/protected/, "private") }
{ print }
