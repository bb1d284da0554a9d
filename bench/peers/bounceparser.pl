# Mail::DeliveryStatus::BounceParser (Debian libmail-deliverystatus-bounceparser-perl): recognised is is_bounce.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Passes;
use JSON::PP ();
use Mail::DeliveryStatus::BounceParser;

Passes::run('Mail::DeliveryStatus::BounceParser', $Mail::DeliveryStatus::BounceParser::VERSION, sub {
    my ($raw) = @_;
    my $bounce = Mail::DeliveryStatus::BounceParser->new($raw) or return;
    return unless $bounce->is_bounce;
    my $id = $bounce->orig_message_id;
    return [JSON::PP::true, [defined $id && length $id ? $id : ()]];
});
