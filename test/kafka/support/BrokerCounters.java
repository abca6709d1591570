// Prints what a broker has counted since it started, as JSON: produce requests, and records and
// bytes stored. Takes the broker's process id: the JVM opens its management to processes of the same user.
import com.sun.tools.attach.VirtualMachine;
import java.util.ArrayList;
import java.util.List;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

public class BrokerCounters {
  public static void main(String[] args) throws Exception {
    VirtualMachine broker = VirtualMachine.attach(args[0]);
    JMXServiceURL url = new JMXServiceURL(broker.startLocalManagementAgent());
    try (var connector = JMXConnectorFactory.connect(url)) {
      MBeanServerConnection beans = connector.getMBeanServerConnection();
      List<String> counts = new ArrayList<>();
      counts.add(count(beans, "produceRequests",
          "kafka.network:type=RequestMetrics,name=RequestsPerSec,request=Produce,*"));
      counts.add(count(beans, "messagesIn", "kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec"));
      counts.add(count(beans, "bytesIn", "kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec"));
      System.out.println("{" + String.join(",", counts) + "}");
    }
  }

  private static String count(MBeanServerConnection beans, String name, String pattern) throws Exception {
    long sum = 0;
    for (ObjectName bean : beans.queryNames(new ObjectName(pattern), null)) {
      sum += (Long) beans.getAttribute(bean, "Count");
    }
    return "\"" + name + "\":" + sum;
  }
}
