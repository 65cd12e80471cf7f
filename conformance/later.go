package main

// later are entries of the areas that have cases, whose observable needs what
// the suite cannot produce yet. They have no case, and say why.
var later = map[string]string{}
