#include "metrics/http/message.hpp"

namespace pandora::metrics::http {

Response plain_text(unsigned status, std::string_view line)
{
    return {status, "text/plain; charset=utf-8", std::string{line} + '\n'};
}

} // namespace pandora::metrics::http
