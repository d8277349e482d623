// What the TLS connections of all HTTP probes share.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <optional>

namespace pandora::supervisor::probes {

class HttpTls {
public:
    /// Made at the first call, for OpenSSL's own start takes milliseconds, and few apps need it. Verifies nothing: the
    /// certificate of a server on this machine is rarely made out to the name that its supervisor calls it by, and
    /// whoever could stand in for it could as well answer in its place. Throws boost::system::system_error.
    boost::asio::ssl::context& context()
    {
        if (!context_) {
            context_.emplace(boost::asio::ssl::context::tls_client);
            context_->set_verify_mode(boost::asio::ssl::verify_none);
        }
        return *context_;
    }

private:
    std::optional<boost::asio::ssl::context> context_;
};

} // namespace pandora::supervisor::probes
