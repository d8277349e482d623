// Prints every key that the loader of procfiles knows, as a path, one a line.
#include "procfiles/keys.hpp"

#include <iostream>

int main()
{
    for (const std::string& key : pandora::procfiles::known_keys()) std::cout << key << '\n';
}
